// Plays a recording, whole or in pieces, and lists of cuts out of it, on two video elements that take turns.

const MISSING = "This part of the VOD is not here: it is fetched when a cut begins or ends in it.";

function amplified(videos) {
  const context = new AudioContext();
  const gains = videos.map((video) => {
    const gain = context.createGain();
    context.createMediaElementSource(video).connect(gain).connect(context.destination);
    return gain;
  });
  return { context, gains };
}

export class Player {
  // parts: [{ start, end, url, piece_s }], times on the recording's line; told: { time(t), state(), failed(text) }
  constructor(videos, told) {
    this.videos = videos;
    this.told = told;
    this.parts = [];
    this.active = 0;
    this.item = null;
    this.queue = [];
    this.listing = false;
    this.wanted = 0;
    this.speed = 1;
    this.sound = null;
    for (const video of videos) {
      video.preload = "auto";
      video.addEventListener("error", () => this.broke(video));
      video.addEventListener("seeked", () => this.tell(video));
      video.addEventListener("play", () => video === this.video && this.told.state());
      video.addEventListener("pause", () => video === this.video && this.told.state());
      video.addEventListener("ended", () => video === this.video && this.next());
    }
    this.tick = this.tick.bind(this);
    this.timer = requestAnimationFrame(this.tick);
  }

  close() {
    cancelAnimationFrame(this.timer);
    this.sound?.context.close();
    for (const video of this.videos) {
      video.removeAttribute("src");
      video.load();
    }
  }

  get video() {
    return this.videos[this.active];
  }

  get playing() {
    return !this.video.paused && !this.video.ended;
  }

  get time() {
    if (!this.item || this.video.readyState < 1) return this.wanted;
    return this.item.base + this.video.currentTime;
  }

  setParts(parts) {
    const same = JSON.stringify(parts) === JSON.stringify(this.parts);
    this.parts = parts;
    if (!same) this.seek(this.wanted);
  }

  // The piece of video that holds a time.
  span(time) {
    const part = this.parts.find((one) => time < one.end) || this.parts.at(-1);
    if (!part || time < part.start - 0.1) return null;
    const inside = Math.min(Math.max(0, time - part.start), part.end - part.start - 0.001);
    if (!part.piece_s) return { url: part.url, base: part.start, end: part.end };
    const n = Math.floor(inside / part.piece_s);
    const base = part.start + n * part.piece_s;
    return { url: `${part.url}&n=${n}`, base, end: Math.min(base + part.piece_s, part.end) };
  }

  load(video, item, time) {
    const seek = () => {
      if (Math.abs(video.currentTime - (time - item.base)) > 0.001) video.currentTime = Math.max(0, time - item.base);
    };
    if (video.dataset.url !== item.url) {
      video.dataset.url = item.url;
      video.src = item.url;
      video.addEventListener("loadedmetadata", seek, { once: true });
    } else if (video.readyState >= 1) seek();
    else video.addEventListener("loadedmetadata", seek, { once: true });
    video.playbackRate = this.speed;
  }

  seek(time) {
    const last = this.parts.at(-1);
    this.wanted = Math.max(0, Math.min(time, last ? last.end : 0));
    this.stopList();
    const span = this.span(this.wanted);
    if (!span) {
      this.pause();
      this.item = null;
      this.told.time(this.wanted);
      if (last) this.told.failed(MISSING);
      return;
    }
    const playing = this.playing;
    this.item = { ...span, to: span.end };
    this.load(this.video, this.item, this.wanted);
    if (playing) this.start(this.video);
    this.told.time(this.wanted);
  }

  start(video) {
    video.playbackRate = this.speed;
    video.play().catch(() => this.told.state());
  }

  play(speed = 1) {
    this.speed = speed;
    if (!this.item) this.seek(this.wanted);
    if (!this.item) return;
    this.start(this.video);
  }

  pause() {
    this.speed = 1;
    this.video.pause();
  }

  stopList() {
    this.listing = false;
    this.queue = [];
    this.setGain(0);
  }

  // Makes what is heard louder or quieter; only who asks for that has the sound go another way.
  setGain(decibels) {
    if (!this.sound && decibels) this.sound = amplified(this.videos);
    this.sound?.context.resume();
    this.sound?.gains.forEach((gain) => (gain.gain.value = 10 ** (decibels / 20)));
  }

  // Plays [from, to] one after the other, each as loud as in the montage.
  playList(cuts) {
    const items = [];
    cuts.forEach(({ from, to, gain }, cut) => {
      for (let time = from; time < to - 0.02; ) {
        const span = this.span(time);
        if (!span) return;
        const end = Math.min(to, span.end);
        items.push({ ...span, from: time, to: end, cut, gain });
        time = Math.max(end, time + 0.001);
      }
    });
    if (!items.length) return;
    this.video.pause();
    this.listing = true;
    this.queue = items.slice(1);
    this.speed = 1;
    this.item = items[0];
    this.setGain(this.item.gain);
    this.load(this.video, this.item, this.item.from);
    this.start(this.video);
    this.prepare();
    this.told.state();
  }

  prepare() {
    if (this.queue.length) this.load(this.videos[1 - this.active], this.queue[0], this.queue[0].from);
  }

  next() {
    if (!this.listing) {
      const span = this.span(this.item.to + 0.001);
      if (!span || span.url === this.item.url) return;
      this.queue = [{ ...span, from: span.base, to: span.end }];
      this.prepare();
    }
    const item = this.queue.shift();
    this.video.pause();
    if (!item) {
      this.stopList();
      this.told.state();
      return;
    }
    this.active = 1 - this.active;
    this.item = item;
    this.videos.forEach((video, i) => (video.hidden = i !== this.active));
    this.setGain(item.gain || 0);
    this.load(this.video, item, item.from);
    this.start(this.video);
    if (this.listing) this.prepare();
  }

  tick() {
    this.timer = requestAnimationFrame(this.tick);
    if (!this.item || !this.playing || this.video.seeking) return;
    this.tell(this.video);
    if (this.listing && this.time >= this.item.to - 0.01) this.next();
    else if (!this.listing && this.time >= this.item.to - 0.01 && this.item.to < this.parts.at(-1).end) this.next();
  }

  tell(video) {
    if (video !== this.video || !this.item) return;
    this.wanted = this.time;
    this.told.time(this.wanted);
  }

  broke(video) {
    if (video !== this.video || !video.getAttribute("src")) return;
    this.told.failed("This part of the recording can't be shown here; it may be damaged.");
  }
}
