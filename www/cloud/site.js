/** Set by `cargo xtask site`: the folder contains the cloud that runs inside the page. */
export const HAS_CLOUD_IN_PAGE = false;
