/** What Node has, for core.cjs, wherever the globals are those of a page. */
import globals from "package:globals";

globals.TextDecoder ??= require("node:util").TextDecoder;
globals.TextEncoder ??= require("node:util").TextEncoder;
