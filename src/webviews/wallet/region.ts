/**
 * A part of the page that is built anew when its model changed, and left alone otherwise. The focus stays where it was: on the element
 * with the same `data-key`.
 */
export class Region<Model> {
  readonly #build: (model: Model) => readonly Node[];
  #shown = "";

  constructor(
    readonly element: HTMLElement,
    build: (model: Model) => readonly Node[],
  ) {
    this.#build = build;
  }

  update(model: Model): void {
    const shape = JSON.stringify(model);
    if (shape === this.#shown) {
      return;
    }
    this.#shown = shape;
    const focused = document.activeElement;
    const key = this.element.contains(focused) ? focused?.getAttribute("data-key") : undefined;
    this.element.replaceChildren(...this.#build(model));
    if (key) {
      const again = this.element.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
      // The toolkit's controls take the focus once they are set up.
      requestAnimationFrame(() => again?.focus());
    }
  }
}
