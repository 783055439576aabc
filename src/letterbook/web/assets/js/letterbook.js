// On every page. Each module starts itself; none needs another, and a page works without all of them.
import "./asking.js";
import "./theme.js";
import "./keyboard.js";
import "./opening.js";
import "./countdown.js";
import "./frames.js";
import "./live.js";
import "./printing.js";
