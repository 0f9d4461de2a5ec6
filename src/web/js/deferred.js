/** A promise that is settled from outside. */
export class Deferred {
  constructor() {
    /** @type {Promise<any>} */
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}
