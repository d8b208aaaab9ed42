// After a form was refused, move to the list of reasons; after any other swap, to the page's content.
function focusTarget() {
  const summary = document.querySelector("[data-focus]");
  if (summary) {
    summary.focus();
  }
  return summary !== null;
}

document.addEventListener("DOMContentLoaded", focusTarget);
document.addEventListener("htmx:after:swap", () => {
  if (!focusTarget()) {
    const main = document.getElementById("main");
    if (main) {
      main.focus({ preventScroll: false });
    }
  }
});

// A link of the list of reasons leads to a field: show its label, then go to it.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest(".error-summary a[href^='#']") : null;
  const field = link ? document.getElementById(decodeURIComponent(link.hash.slice(1))) : null;
  if (field) {
    event.preventDefault();
    const details = field.closest("details");
    if (details) {
      details.open = true;
    }
    (field.closest(".field") || field).scrollIntoView({ block: "start" });
    field.focus({ preventScroll: true });
  }
});

// A form is sent once: a second click on its button does nothing while the first is on its way.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "post" && form.dataset.sent === "yes") {
    event.preventDefault();
  }
  form.dataset.sent = "yes";
  // A file leaves the page as it is: its button works again.
  if (form.closest(".exports")) {
    setTimeout(() => delete form.dataset.sent, 3000);
  }
});

// A page about work under way shows every five seconds how far it is; without script its link does.
if (document.querySelector("[data-reload]")) {
  setTimeout(() => location.reload(), 5000);
}

// One more row of a list in a form: the last row is copied empty, with the next number. Without script the button posts.
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-add-row]") : null;
  const rows = button ? button.parentElement.querySelectorAll("[data-row]") : [];
  const last = rows[rows.length - 1];
  if (!last || rows.length >= 200) {
    return;
  }
  event.preventDefault();
  const [before, prefix] = [Number(last.dataset.row), button.dataset.addRow];
  const row = last.cloneNode(true);
  row.dataset.row = String(before + 1);
  for (const name of ["name", "id", "for", "aria-describedby"]) {
    for (const each of row.querySelectorAll(`[${name}]`)) {
      each.setAttribute(name, each.getAttribute(name).replace(`${prefix}.${before}.`, `${prefix}.${before + 1}.`));
    }
  }
  row.querySelectorAll(".problem").forEach((each) => each.remove());
  row.querySelectorAll(".field-wrong").forEach((each) => each.classList.remove("field-wrong"));
  for (const each of row.querySelectorAll("input, select, textarea")) {
    each.removeAttribute("aria-invalid");
    each.removeAttribute("aria-describedby");
    if (each.type === "radio" || each.type === "checkbox") {
      each.checked = false;
    } else {
      each.value = "";
    }
  }
  const legend = row.querySelector("legend");
  legend.textContent = legend.textContent.replace(String(before), String(before + 1));
  button.before(row);
  offerMembers(button.form);
  row.querySelector("input, select").focus();
});

// The selects of a new file that name a member offer the members typed in the same form, by the number of their row.
function offerMembers(form) {
  const names = [...form.querySelectorAll("[data-rows='members'] input[name$='.name']")];
  if (names.length === 0) {
    return;
  }
  for (const select of form.querySelectorAll("select[name$='.person']")) {
    const chosen = select.value;
    const members = names.map((input) => {
      const number = input.name.split(".")[1];
      return new Option(`${number} · ${input.value.trim()}`, number, false, number === chosen);
    });
    select.replaceChildren(select.options[0], ...members);
  }
}

document.addEventListener("input", (event) => {
  if (event.target.form && /^members\.\d+\.name$/.test(event.target.name)) {
    offerMembers(event.target.form);
  }
});
