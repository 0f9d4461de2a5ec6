/** Constants of the protocol that several classes of the package use. */

/** Views on which a layout can be shown. */
export const VIEWS = /** @type {const} */ (["main", "dashboard", "always_on"]);

/** Reasons of an `ownership_release`. */
export const RELEASE_REASONS = /** @type {const} */ (["clean_shutdown", "switching_clouds", "user_logout"]);
