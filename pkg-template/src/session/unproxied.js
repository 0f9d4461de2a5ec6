/** Base of the classes with private fields, which a proxy cannot reach. */

export class Unproxied {
  /** Tells Vue to leave the object alone in `ref()`, `reactive()` and `data()`. */
  get __v_skip() {
    return true;
  }
}
