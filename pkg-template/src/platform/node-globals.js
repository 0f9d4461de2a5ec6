/** Adds Node's own encoders where a test runner has replaced the globals by those of a page. */
import { globals } from "package:globals";

globals.TextDecoder ??= require("node:util").TextDecoder;
globals.TextEncoder ??= require("node:util").TextEncoder;
