// A file chosen for a field of base64: read in the browser, its name and type filled in beside it.
const MOST_BYTES = 10 * 1024 * 1024;

function beside(area, name) {
  return document.getElementById(area.id.replace(/content_base64$/, name));
}

async function fill(area, file) {
  if (file.size > MOST_BYTES) return area.setCustomValidity("This file is over 10 MB: send it over the API.");
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  area.setCustomValidity("");
  area.value = btoa(text);
  const [name, type] = [beside(area, "filename"), beside(area, "mime_type")];
  if (name && !name.value) name.value = file.name;
  if (type && file.type) type.value = file.type;
}

for (const area of document.querySelectorAll("textarea[name$='content_base64']")) {
  const choice = document.createElement("input");
  choice.type = "file";
  choice.className = "file";
  choice.setAttribute("aria-label", "Choose a file");
  choice.addEventListener("change", () => choice.files[0] && fill(area, choice.files[0]));
  area.before(choice);
}

document.getElementById("result")?.focus({ preventScroll: true });
