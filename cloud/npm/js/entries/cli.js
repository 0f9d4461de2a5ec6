/** The program `tpa-cloud`. */
import { main } from "../cli/main.js";

process.exit(await main());
