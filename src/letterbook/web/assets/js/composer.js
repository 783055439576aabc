// On the pages where email is written. The order matters: the autosave reads what the others put into the form.
import "./recipients.js";
import "./recipient_buttons.js";
import "./uploading.js";
import "./editor/writing.js";
import "./autosave.js";
import "./templates.js";
import "./regarding.js";
import "./sending.js";
