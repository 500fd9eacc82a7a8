// The chat's activity as a time line: zoomed and panned, with the cuts as bands to drag and stretch.
import { clock } from "hypecut-pages/format.js";

const EDGE_PX = 7;
const AXIS_PX = 20;
const CLICK_PX = 4;
const MIN_VIEW_S = 4;
const TICKS_S = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

export class Timeline {
  // told: { seek(time), select(key), edge(key, edge, time), slide(key, start), add(mark), view(from, to, points) }
  constructor(canvas, told) {
    this.canvas = canvas;
    this.told = told;
    this.duration = 1;
    [this.from, this.to] = [0, 1];
    this.curve = { start_s: 0, step_s: 1, low: [], high: [] };
    this.bands = [];
    this.marks = [];
    this.selected = "";
    this.time = 0;
    this.drag = null;
    this.frame = 0;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", () => this.drop());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.watch = new ResizeObserver(() => this.changedView());
    this.watch.observe(canvas);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  }

  close() {
    this.watch.disconnect();
    this.theme.disconnect();
    cancelAnimationFrame(this.frame);
  }

  setDuration(duration) {
    if (duration === this.duration) return;
    this.duration = Math.max(0.1, duration);
    [this.from, this.to] = [0, this.duration];
    this.changedView();
  }

  set(values) {
    Object.assign(this, values);
    this.draw();
  }

  // Keeps what is played in sight.
  follow(time) {
    this.time = time;
    const span = this.to - this.from;
    if (!this.drag && (time < this.from || time > this.to)) this.show(time - span * 0.1, time + span * 0.9);
    else this.draw();
  }

  show(from, to) {
    const span = Math.min(this.duration, Math.max(Math.min(MIN_VIEW_S, this.duration), to - from));
    from = Math.min(Math.max(0, from), this.duration - span);
    if (from === this.from && from + span === this.to) return;
    [this.from, this.to] = [from, from + span];
    this.changedView();
  }

  zoom(factor, around = this.time) {
    if (around < this.from || around > this.to) around = (this.from + this.to) / 2;
    const span = (this.to - this.from) * factor;
    const share = (around - this.from) / (this.to - this.from);
    this.show(around - span * share, around - span * share + span);
  }

  pan(share) {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  }

  changedView() {
    this.draw();
    this.told.view(this.from, this.to, Math.max(50, Math.min(4000, Math.round(this.canvas.clientWidth))));
  }

  x(time) {
    return ((time - this.from) / (this.to - this.from)) * this.canvas.clientWidth;
  }

  at(x) {
    return this.from + (x / this.canvas.clientWidth) * (this.to - this.from);
  }

  // What is under the pointer: an edge before the inside, the selected band before the others.
  hit(x) {
    const order = [...this.bands].sort((a, b) => (b.key === this.selected) - (a.key === this.selected));
    for (const band of order.filter((one) => !one.locked)) {
      if (Math.abs(x - this.x(band.start)) <= EDGE_PX) return { band, part: "start" };
      if (Math.abs(x - this.x(band.end)) <= EDGE_PX) return { band, part: "end" };
    }
    const time = this.at(x);
    const inside = order.find((band) => band.start <= time && time < band.end);
    return inside ? { band: inside, part: "inside" } : null;
  }

  place(event) {
    return event.clientX - this.canvas.getBoundingClientRect().left;
  }

  down(event) {
    if (event.button) return;
    const x = this.place(event);
    const hit = this.hit(x);
    this.canvas.setPointerCapture(event.pointerId);
    this.drag = { x, from: this.from, to: this.to, moved: false, ...hit };
    if (hit) Object.assign(this.drag, { start: hit.band.start, end: hit.band.end });
  }

  move(event) {
    const x = this.place(event);
    if (!this.drag) {
      const hit = this.hit(x);
      this.canvas.style.cursor = !hit ? "pointer" : hit.part === "inside" ? "grab" : "ew-resize";
      return;
    }
    const drag = this.drag;
    drag.moved ||= Math.abs(x - drag.x) > CLICK_PX;
    if (!drag.moved) return;
    const by = ((x - drag.x) / this.canvas.clientWidth) * (drag.to - drag.from);
    if (!drag.band) this.show(drag.from - by, drag.to - by);
    else if (!drag.band.locked) this.stretch(drag, by);
    this.draw();
  }

  stretch(drag, by) {
    const limit = (time) => Math.min(this.duration, Math.max(0, time));
    if (drag.part === "start") drag.band.start = Math.min(limit(drag.start + by), drag.end - 0.02);
    else if (drag.part === "end") drag.band.end = Math.max(limit(drag.end + by), drag.start + 0.02);
    else {
      const start = Math.min(limit(drag.start + by), this.duration - (drag.end - drag.start));
      [drag.band.start, drag.band.end] = [start, start + (drag.end - drag.start)];
    }
  }

  up(event) {
    const drag = this.drag;
    this.drag = null;
    if (!drag) return;
    if (!drag.moved) {
      const mark = this.markAt(event);
      if (mark) return this.told.add(mark);
      if (drag.band) this.told.select(drag.band.key);
      return this.told.seek(this.at(drag.x));
    }
    if (!drag.band || drag.band.locked) return;
    if (drag.part === "inside") this.told.slide(drag.band.key, drag.band.start);
    else this.told.edge(drag.band.key, drag.part, drag.band[drag.part]);
  }

  markAt(event) {
    const box = this.canvas.getBoundingClientRect();
    if (event.clientY - box.top > 16) return null;
    return this.marks.find((mark) => Math.abs(this.x(mark.peak) - this.place(event)) <= EDGE_PX);
  }

  drop() {
    if (this.drag?.band) Object.assign(this.drag.band, { start: this.drag.start, end: this.drag.end });
    this.drag = null;
    this.draw();
  }

  wheel(event) {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.pan(Math.sign(event.deltaX || event.deltaY) * 0.1);
    } else this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.at(this.place(event)));
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const scale = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * scale)) this.canvas.width = Math.round(width * scale);
    if (this.canvas.height !== Math.round(height * scale)) this.canvas.height = Math.round(height * scale);
    const pen = this.canvas.getContext("2d");
    const style = getComputedStyle(document.body);
    const ink = (name) => style.getPropertyValue(`--${name}`).trim();
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const floor = height - AXIS_PX;
    this.paintBands(pen, floor, ink, false);
    this.paintAxis(pen, width, height, ink);
    this.paintCurve(pen, floor, ink);
    this.paintBands(pen, floor, ink, true);
    this.paintMarks(pen, ink);
    const x = this.x(this.time);
    pen.fillStyle = ink("head");
    pen.fillRect(x - 1, 0, 2, floor);
  }

  paintAxis(pen, width, height, ink) {
    const step = TICKS_S.find((one) => ((this.to - this.from) / one) * 70 < width) || 28800;
    pen.font = "11px Roboto, sans-serif";
    pen.fillStyle = ink("muted");
    pen.strokeStyle = ink("line");
    pen.lineWidth = 1;
    for (let time = Math.ceil(this.from / step) * step; time <= this.to; time += step) {
      const x = Math.round(this.x(time)) + 0.5;
      pen.beginPath();
      pen.moveTo(x, 0);
      pen.lineTo(x, height - AXIS_PX + 4);
      pen.stroke();
      const text = clock(time, step < 1 ? 1 : 0);
      pen.fillText(text, Math.min(width - pen.measureText(text).width, x + 3), height - 5);
    }
  }

  paintCurve(pen, floor, ink) {
    const { start_s, step_s, low, high } = this.curve;
    const top = Math.max(0.05, ...high);
    const y = (value) => floor - (value / top) * (floor - 18);
    const x = (i) => this.x(start_s + i * step_s);
    const shape = new Path2D();
    high.forEach((value, i) => shape.lineTo(x(i), y(value)));
    const filled = new Path2D(shape);
    filled.lineTo(x(high.length - 1), floor);
    filled.lineTo(x(0), floor);
    for (let i = high.length - 1; i >= 0; i--) shape.lineTo(x(i), y(low[i]));
    pen.fillStyle = pen.strokeStyle = ink("curve");
    pen.lineWidth = 1.2;
    pen.globalAlpha = 0.25;
    pen.fill(filled);
    pen.globalAlpha = 1;
    pen.fill(shape);
    pen.stroke(shape);
  }

  paintBands(pen, floor, ink, above) {
    for (const band of this.bands) {
      const [left, right] = [this.x(band.start), this.x(band.end)];
      if (right < 0 || left > this.canvas.clientWidth) continue;
      const selected = band.key === this.selected;
      const color = band.kept ? ink("pick") : ink("aside");
      if (!above) {
        pen.globalAlpha = band.kept ? (selected ? 1 : 0.7) : 0.25;
        pen.fillStyle = band.kept ? ink("pick-soft") : ink("aside");
        pen.fillRect(left, 0, Math.max(2, right - left), floor);
        pen.globalAlpha = 1;
        continue;
      }
      pen.fillStyle = color;
      const thick = selected ? 3 : 1.5;
      pen.fillRect(left - thick / 2, 0, thick, floor);
      pen.fillRect(right - thick / 2, 0, thick, floor);
      if (selected) pen.fillRect(left, 0, right - left, 3);
      pen.font = "bold 12px Roboto, sans-serif";
      if (right - left > 14) pen.fillText((band.number || "") + (band.locked ? " locked" : ""), left + 4, 14);
    }
  }

  paintMarks(pen, ink) {
    pen.fillStyle = ink("curve");
    for (const mark of this.marks) {
      const x = this.x(mark.peak);
      pen.beginPath();
      pen.moveTo(x - 5, 2);
      pen.lineTo(x + 5, 2);
      pen.lineTo(x, 12);
      pen.fill();
    }
  }
}
