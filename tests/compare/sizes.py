"""Lines of modules and functions of ``lambda_src``: the median and the largest."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Sizes:
    """Lines by name of a module, and by name of a function with its module."""

    modules: dict[str, int]
    functions: dict[str, int]
    folders: dict[str, int]

    def lines(self) -> Iterator[str]:
        """Yield what there is to say of them."""
        for kind, sizes in (("modules", self.modules), ("functions", self.functions)):
            largest = ", ".join(
                f"{name} {sizes[name]}" for name in sorted(sizes, key=lambda n: -sizes[n])[:3]
            )
            yield f"{len(sizes):>4} {kind:<10} median {median(sizes.values()):>4.0f} lines, largest: {largest}"
        fullest = sorted(self.folders, key=lambda name: -self.folders[name])[:3]
        yield f"{len(self.folders):>4} folders    fullest: " + ", ".join(
            f"{name} {self.folders[name]} modules" for name in fullest
        )


def sizes(tree: Path) -> Sizes:
    """Measure a tree; modules without code (an empty ``__init__.py``) do not count."""
    modules: dict[str, int] = {}
    functions: dict[str, int] = {}
    folders: dict[str, int] = {}
    root = tree / "lambda_src"
    for path in sorted(root.rglob("*.py")):
        parsed, name = (
            ast.parse(path.read_text(encoding="utf-8")),
            path.relative_to(root).as_posix(),
        )
        if not [node for node in parsed.body if not isinstance(node, ast.Expr)]:
            continue
        modules[name] = len(path.read_text(encoding="utf-8").splitlines())
        folder = path.parent.relative_to(root).as_posix()
        folders[folder] = folders.get(folder, 0) + 1
        for node in ast.walk(parsed):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions[f"{name}:{node.name}:{node.lineno}"] = (
                    (node.end_lineno or node.lineno) - node.lineno + 1
                )
    return Sizes(modules, functions, folders)
