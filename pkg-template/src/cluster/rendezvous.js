/** Rendezvous hashing: each process computes the same owner of a key, without asking. */

/**
 * Returns the name with the highest hash for a key.
 *
 * @param {string} key
 * @param {readonly string[]} names at least one
 */
export function rendezvous(key, names) {
  let best = "";
  let highest = -1;
  for (const name of names) {
    const weight = hash(`${key}\n${name}`);
    if (weight > highest || (weight === highest && name > best)) [best, highest] = [name, weight];
  }
  return best;
}

/** Number from 0 to 1 that is the same for the same key, and spread evenly over many. @param {string} key */
export function portion(key) {
  return hash(key) / 2 ** 32;
}

/** FNV-1a with the finalizer of MurmurHash3, which spreads keys that differ at the end. @param {string} text */
function hash(text) {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
