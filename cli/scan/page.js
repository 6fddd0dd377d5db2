"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const make = (name, text, kind) => {
    const one = document.createElement(name);
    if (text !== undefined) one.textContent = text;
    if (kind) one.className = kind;
    return one;
  };
  const number = (value) => value.toLocaleString("en");
  const minute = (stamp) => stamp.slice(0, 16).replace("T", " ");
  const several = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

  byId("lead").textContent = data.total
    ? `${several(data.total, "incident")}, ${several(data.calls, "failed call")}, ${number(data.going_on)} still going on at the end of the logs. Times are UTC.`
    : data.nothing;
  for (const said of data.read) byId("read").append(make("li", said));

  const drawn = () => {
    const { bars, causes, days } = data.chart;
    if (!bars.length) { byId("over-time").hidden = true; return; }
    const wide = 1000, high = 220, left = 52, bottom = 24, top = 14;
    const space = "http://www.w3.org/2000/svg";
    const shape = (name, attributes, text) => {
      const one = document.createElementNS(space, name);
      for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
      if (text !== undefined) one.textContent = text;
      return one;
    };
    const most = Math.max(...bars.map((bar) => bar.calls.reduce((a, b) => a + b, 0)));
    const width = byId("chart").clientWidth || wide;
    const svg = shape("svg", { viewBox: `0 0 ${width} ${high}` });
    const scale = (value) => (high - bottom - top) * value / most;
    for (const part of [0, 0.5, 1]) {
      const y = high - bottom - scale(most * part);
      svg.append(shape("line", { x1: left, x2: width, y1: y, y2: y }));
      if (part === 0 || part === 1 || most > 1) {
        svg.append(shape("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, number(Math.round(most * part))));
      }
    }
    const step = (width - left) / bars.length;
    bars.forEach((bar, place) => {
      let y = high - bottom;
      bar.calls.forEach((calls, cause) => {
        if (!calls) return;
        const tall = Math.max(1, scale(calls));
        y -= tall;
        const colour = cause < causes.length && causes[cause].cause !== "other causes" ? cause : 7;
        const one = shape("rect", { class: `c${colour}`, x: left + step * place + step * 0.1, y, width: Math.max(1, Math.min(step * 0.8, 48)), height: tall });
        const when = bar.from === bar.to ? bar.from : `${bar.from} to ${bar.to}`;
        one.append(shape("title", {}, `${when}: ${several(calls, "call")}, ${causes[cause] ? causes[cause].title : "other causes"}`));
        svg.append(one);
      });
    });
    svg.append(shape("text", { x: left, y: high - 6 }, bars[0].from));
    if (bars.length > 1) svg.append(shape("text", { x: width, y: high - 6, "text-anchor": "end" }, bars[bars.length - 1].to));
    byId("chart").replaceChildren(svg);
    byId("chart").setAttribute("aria-label", `Failed calls from ${bars[0].from} to ${bars[bars.length - 1].to}, ${several(days, "day")} a bar, at most ${number(most)}`);
    byId("legend").replaceChildren(...causes.map((cause, place) => {
      const one = make("li", undefined);
      one.append(make("i", undefined, `c${cause.cause === "other causes" ? 7 : place}`), cause.title);
      return one;
    }));
  };

  const PAGE = 200;
  let by = "", down = true, shown = PAGE, wanted = [];
  const words = new Map(data.incidents.map((one) => [one, JSON.stringify(one).toLowerCase()]));
  const key = (one) => by === "changed" ? one.changed.join(" ") : one[by];

  const detail = (one) => {
    const row = make("tr", undefined, "detail"), cell = make("td");
    cell.colSpan = 7;
    const list = (title, items, kind) => {
      if (!items.length) return;
      const all = make(kind || "ul");
      for (const item of items) all.append(make("li", item));
      cell.append(make("h3", title), all);
    };
    list("Why", one.because);
    list("Not known", one.unknowns);
    list("Who changed it", one.changed.concat(one.fixed ? [`fixed: ${one.fixed}`] : []));
    if (one.remedies.length) {
      const steps = make("ol");
      for (const remedy of one.remedies) {
        const step = make("li", remedy.text);
        if (remedy.command) step.append(make("pre", remedy.command));
        steps.append(step);
      }
      cell.append(make("h3", "How to fix it"), steps);
    }
    list("More", Object.entries(one.facts).filter(([, value]) => value).map(([name, value]) => `${name}: ${value}`));
    row.append(cell);
    return row;
  };

  const row = (one) => {
    const line = make("tr", undefined, "one");
    const cell = (name, kind, ...parts) => { const made = make("td", undefined, kind); made.dataset.is = name; made.append(...parts.filter((part) => part !== "")); line.append(made); };
    const open = make("button", one.title, "open");
    open.type = "button";
    open.setAttribute("aria-expanded", "false");
    cell("Cause", "", open, make("span", `${one.cause}, ${one.confidence}, ${one.severity}`, "soft"));
    cell("Key", "", one.name, make("span", `${one.account} ${one.region}`, "soft"));
    cell("From", "", minute(one.first));
    cell("To", "", one.goes_on ? make("span", "goes on", "on") : minute(one.last));
    cell("Calls", "num", number(one.failures));
    cell("Callers", "", one.short_callers);
    cell("Who changed it", "", one.changed.join("; "));
    line.addEventListener("click", () => {
      if (String(getSelection())) return;
      const is = open.getAttribute("aria-expanded") === "true";
      open.setAttribute("aria-expanded", String(!is));
      if (is) line.nextSibling.remove(); else line.after(detail(one));
    });
    return line;
  };

  const show = () => {
    byId("table").tBodies[0].replaceChildren(...wanted.slice(0, shown).map(row));
    byId("more").hidden = wanted.length <= shown;
    const left = data.total > data.incidents.length ? ` of the worst ${number(data.incidents.length)}; --csv and --json have all ${number(data.total)}` : "";
    byId("shown").textContent = `${several(wanted.length, "incident")}${left}`;
  };
  const filter = () => {
    const search = byId("search").value.toLowerCase().trim().split(/\s+/), cause = byId("cause").value, only = byId("only").checked;
    wanted = data.incidents.filter((one) => (!cause || one.cause === cause) && (!only || one.goes_on) && search.every((word) => words.get(one).includes(word)));
    if (by) {
      const order = down ? -1 : 1;
      wanted.sort((a, b) => { const x = key(a), y = key(b); return x < y ? -order : x > y ? order : 0; });
    }
    shown = PAGE;
    show();
  };

  for (const cause of [...new Map(data.incidents.map((one) => [one.cause, one.title]))].sort((a, b) => a[1] < b[1] ? -1 : 1)) {
    const option = make("option", cause[1]);
    option.value = cause[0];
    byId("cause").append(option);
  }
  for (const head of document.querySelectorAll("th[data-by]")) {
    head.firstChild.addEventListener("click", () => {
      down = by === head.dataset.by ? !down : ["failures", "first", "last"].includes(head.dataset.by);
      by = head.dataset.by;
      for (const other of document.querySelectorAll("th[data-by]")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      filter();
    });
  }
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("input", filter);
  byId("more").addEventListener("click", () => { shown += PAGE; show(); });
  addEventListener("resize", drawn);
  addEventListener("beforeprint", () => { shown = data.incidents.length; show(); drawn(); });
  drawn();
  filter();
})();
