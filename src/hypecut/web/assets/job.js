// One job: its steps as they go, why it failed, what it logged.
import { KINDS, bytes, clock, percent, speed, when } from "hypecut-pages/format.js";

export default {
  template: `
    <div class="hc stack">
      <div class="row apart">
        <div><h1 class="break">{{ job.title }}</h1>
          <p class="muted small">{{ kinds[job.kind] || job.kind }} · {{ when(job.created_at) }} ·
            <span class="break">{{ job.folder }}</span></p></div>
        <div class="row">
          <a v-if="job.review" class="button main" :href="job.review">Review</a>
          <a v-if="job.result" class="button" :href="job.result">Result</a>
          <button v-for="action in job.actions" :key="action" @click="$emit('act', { id: job.id, action })">{{ action }}</button>
        </div>
      </div>
      <section class="card stack" aria-label="Progress">
        <div class="row apart"><span class="status" :class="job.status" role="status">{{ job.status }}</span>
          <span class="num">{{ Math.floor(job.progress * 100) }} %<template v-if="job.eta_s != null">, {{ clock(job.eta_s) }} left in this step</template></span></div>
        <progress :value="job.progress" max="1" aria-label="Progress of the job"></progress>
        <p v-if="job.error" class="notice bad break" role="alert">{{ job.error }}</p>
        <p v-if="job.note" class="notice break">{{ job.note }}</p>
        <ol class="steps">
          <li v-for="step in job.steps" :key="step.name" :aria-current="step.status === 'running' ? 'step' : null">
            <span>{{ step.name }}</span><span class="status" :class="step.status">{{ step.status }}</span>
            <span class="small muted num"><template v-if="step.status === 'running'">
              <template v-if="step.total > 1"><b>{{ percent(step) }}</b> · {{ amount(step) }}</template> {{ speed(step) }}</template>
              <template v-if="step.attempts > 1">attempt {{ step.attempts }}</template></span>
          </li>
        </ol>
        <p v-if="job.size" class="small muted">{{ bytes(job.size) }} written</p>
      </section>
      <details v-if="job.logs.length" class="card"><summary>What it logged</summary><pre tabindex="0">{{ job.logs.join("\\n") }}</pre></details>
    </div>`,
  props: { job: { type: Object, required: true } },
  emits: ["act"],
  data: () => ({ kinds: KINDS }),
  methods: {
    bytes, clock, percent, speed, when,
    amount(step) {
      if (step.unit === "s") return `${clock(step.done)} of ${clock(step.total)}`;
      if (step.unit === "bytes" || step.unit === "B") return `${bytes(step.done)} of ${bytes(step.total)}`;
      return `${Math.round(step.done)} of ${Math.round(step.total)} ${step.unit}`;
    },
  },
};
