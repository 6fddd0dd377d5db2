"""``keywatch completion bash|zsh|fish``: what Tab completes, made from the same parser that reads the command line."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .help import Help

NAME = "completion"
_EXAMPLES = """\
examples:
  bash: source <(keywatch completion bash)   (~/.bashrc)
  zsh:  source <(keywatch completion zsh)    (~/.zshrc, after compinit)
  fish: keywatch completion fish > ~/.config/fish/completions/keywatch.fish"""
# Commands whose arguments are files; after these options a file is named.
_FILES = ("FILE", "SOURCE")


@dataclass(frozen=True, slots=True)
class Flag:
    """An option of a command. ``takes`` is what stands after it: nothing, a file, or something else."""

    flag: str
    help: str
    takes: str | None


@dataclass(frozen=True, slots=True)
class Command:
    """A command, its options, and what may stand by itself: files or some words."""

    name: str
    help: str
    flags: tuple[Flag, ...]
    takes_files: bool
    words: tuple[str, ...]


def add_parser(names: Any) -> None:  # noqa: ANN401 - argparse keeps the type of sub-parsers for itself
    """Add ``completion`` to the command line."""
    said = "Print what completes this command at Tab in a shell."
    one = names.add_parser(
        NAME, help=said, description=said, epilog=_EXAMPLES, formatter_class=Help
    )
    one.add_argument("shell", choices=tuple(_SHELLS), help="the shell")


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the completion of a shell, as a script to source."""
    return _SHELLS[shell](tuple(_commands(parser)))


def _commands(parser: argparse.ArgumentParser) -> Iterator[Command]:
    (names,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))  # noqa: SLF001 - argparse has no other way to ask
    help_of = {one.dest: one.help or "" for one in names._choices_actions}  # noqa: SLF001 - as above
    for name, one in names.choices.items():
        options = [option for option in one._actions if option.option_strings]  # noqa: SLF001 - as above
        others = [option for option in one._actions if not option.option_strings]  # noqa: SLF001 - as above
        yield Command(
            name,
            help_of[name],
            tuple(map(_flag, options)),
            any(option.metavar in _FILES for option in others),
            tuple(str(word) for option in others for word in option.choices or ()),
        )


def _flag(option: argparse.Action) -> Flag:
    takes = None if option.nargs == 0 else str(option.metavar or option.dest).upper()
    return Flag(option.option_strings[-1], " ".join((option.help or "").split()), takes)


def _bash(commands: tuple[Command, ...]) -> str:
    cases = "".join(
        f"    {one.name}) words={_quoted(' '.join([*(flag.flag for flag in one.flags), *one.words]))}; "
        f"files={int(one.takes_files)} ;;\n"
        for one in commands
    )
    after = "|".join(
        sorted({flag.flag for one in commands for flag in one.flags if flag.takes in _FILES})
    )
    value = "|".join(
        sorted(
            {
                flag.flag
                for one in commands
                for flag in one.flags
                if flag.takes and flag.takes not in _FILES
            }
        )
    )
    names = _quoted(" ".join(one.name for one in commands) + " --help --version")
    return f"""\
# bash completion of keywatch
_keywatch() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words='' files=0
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W {names} -- "$word"))
    return
  fi
  case $before in
    {after}) COMPREPLY=($(compgen -f -- "$word")); return ;;
    {value}) return ;;
  esac
  case ${{COMP_WORDS[1]}} in
{cases}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [ "$files" = 1 ] && [ "${{word#-}}" = "$word" ]; then
    COMPREPLY+=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _keywatch keywatch ./keywatch
"""


def _zsh(commands: tuple[Command, ...]) -> str:
    names = " ".join(_quoted(f"{one.name}:{one.help}") for one in commands)
    cases = "".join(
        f"    {one.name}) _arguments {' '.join(_zsh_specs(one))} ;;\n" for one in commands
    )
    return f"""\
#compdef keywatch
# zsh completion of keywatch
_keywatch() {{
  local -a commands
  commands=({names})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
{cases}  esac
}}
compdef _keywatch keywatch
"""


def _zsh_specs(one: Command) -> Iterator[str]:
    for flag in one.flags:
        said = flag.help.replace("[", "(").replace("]", ")")
        after = (
            ""
            if flag.takes is None
            else f":{flag.takes}:{'_files' if flag.takes in _FILES else ' '}"
        )
        yield _quoted(f"{flag.flag}[{said}]{after}")
    if one.words:
        yield _quoted(f"1:{one.name}:({' '.join(one.words)})")
    if one.takes_files:
        yield _quoted("*:file:_files")


def _fish(commands: tuple[Command, ...]) -> str:
    lines = ["# fish completion of keywatch", "complete -c keywatch -f"]
    for one in commands:
        lines.append(
            f"complete -c keywatch -n __fish_use_subcommand -a {one.name} -d {_fish_quoted(one.help)}"
        )
        when = f"complete -c keywatch -n '__fish_seen_subcommand_from {one.name}'"
        for flag in one.flags:
            value = " -r -F" if flag.takes in _FILES else " -x"
            needs = value if flag.takes else ""
            lines.append(f"{when} -l {flag.flag.lstrip('-')}{needs} -d {_fish_quoted(flag.help)}")
        lines += [f"{when} -a {word}" for word in one.words]
        lines += [f"{when} -F"] if one.takes_files else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a word for bash and zsh in single quotes, in which only these mean something."""
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quoted(text: str) -> str:
    """Return a word for fish in single quotes, in which a backslash means something too."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
