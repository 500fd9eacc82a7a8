// A field for several words: Enter or a comma takes one in, Backspace in the empty field takes the last out.

export default {
  template: `
    <div>
      <label :for="id" style="font-weight: 500">{{ label }}</label>
      <div class="chips" @click="$refs.input.focus()">
        <span v-for="(word, i) in modelValue" :key="word" class="chip">{{ word }}
          <button type="button" :aria-label="'Remove ' + word" @click.stop="remove(i)">×</button></span>
        <input :id="id" ref="input" v-model="text" :placeholder="modelValue.length ? '' : hint" maxlength="100"
          autocomplete="off" @keydown.enter.prevent="take" @keydown.delete="back" @input="split" @blur="take">
      </div>
    </div>`,
  props: { modelValue: { type: Array, required: true }, label: String, id: String, hint: String },
  emits: ["update:modelValue"],
  data: () => ({ text: "" }),
  methods: {
    split() {
      if (/[,\n]/.test(this.text)) this.take();
    },
    take() {
      const words = this.text.split(/[,\n]/).map((word) => word.trim()).filter(Boolean);
      this.text = "";
      if (words.length) this.$emit("update:modelValue", [...new Set([...this.modelValue, ...words])]);
    },
    back() {
      if (!this.text) this.remove(this.modelValue.length - 1);
    },
    remove(at) {
      if (at >= 0) this.$emit("update:modelValue", this.modelValue.filter((_, i) => i !== at));
    },
  },
};
