// Numbers and times as people read them.

export function clock(seconds, decimals = 0) {
  if (!Number.isFinite(seconds)) return "?";
  const unit = 10 ** decimals;
  let left = Math.round(Math.max(0, seconds) * unit);
  const part = left % (60 * unit);
  left = Math.round((left - part) / (60 * unit));
  const whole = (part / unit).toFixed(decimals).padStart(decimals ? decimals + 3 : 2, "0");
  const hours = Math.floor(left / 60);
  return hours ? `${hours}:${String(left % 60).padStart(2, "0")}:${whole}` : `${left}:${whole}`;
}

export function bytes(count) {
  if (!count) return "";
  const power = Math.min(4, Math.floor(Math.log10(count) / 3));
  return `${(count / 1000 ** power).toFixed(power > 1 ? 1 : 0)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

export function speed(step) {
  if (!step || !step.speed) return "";
  if (step.unit === "s") return `${step.speed.toFixed(1)}× real time`;
  if (step.unit === "bytes" || step.unit === "B") return `${bytes(step.speed)}/s`;
  return `${step.speed >= 10 ? Math.round(step.speed) : step.speed.toFixed(1)} ${step.unit}/s`;
}

// How much of a step is done, where it can be told.
export function percent(step) {
  return step && step.total > 1 ? `${Math.floor(Math.min(1, step.done / step.total) * 100)} %` : "";
}

export function when(iso) {
  return iso ? new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) : "";
}

// What a score is made of.
export function components(one) {
  return Object.entries(one.components || {}).map(([name, value]) => `${name} ${Math.round(value * 100)}`).join(", ");
}

export const KINDS = { vod_highlights: "Highlights", clip_montage: "Clip montage" };
