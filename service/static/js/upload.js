// Files are sent with their progress shown. Without script the form posts by itself.
// A refusal keeps the files that were chosen: only the reasons are replaced, so that one bad file can be taken out.
for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const shown = form.querySelector("[data-upload-progress]");
    const bar = shown.querySelector("progress");
    const button = form.querySelector("button");
    const request = new XMLHttpRequest();
    const stopped = () => {
      shown.hidden = true;
      button.disabled = false;
      form.dataset.sent = "no";
    };
    request.upload.addEventListener("progress", (sent) => {
      bar.value = sent.lengthComputable ? Math.floor((sent.loaded * 100) / sent.total) : bar.value;
    });
    request.addEventListener("load", () => {
      if (request.status < 400) {
        window.location.assign(request.responseURL + (form.dataset.then || ""));
        return;
      }
      stopped();
      showReasons(form, request);
    });
    request.addEventListener("error", () => {
      stopped();
      showFailure(form);
    });
    request.open("POST", form.action);
    request.send(new FormData(form));
    shown.hidden = false;
    button.disabled = true;
  });
}

// Put the reasons of the refused page in the place of those shown now, above the form and at its fields, and give the
// form the new key of that page.
function showReasons(form, request) {
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const reasons = page.querySelector(".error-summary");
  const key = page.querySelector("input[name='_key']");
  if (!reasons) {
    showFailure(form);
    return;
  }
  if (key) {
    form.elements.namedItem("_key").value = key.value;
  }
  place(form, reasons);
  markFields(form, page);
}

function markFields(form, page) {
  form.querySelectorAll(".field-wrong").forEach((each) => each.classList.remove("field-wrong"));
  form.querySelectorAll(".problem[id]").forEach((each) => each.remove());
  form.querySelectorAll("[aria-invalid]").forEach((each) => each.removeAttribute("aria-invalid"));
  for (const problem of page.querySelectorAll(".field-wrong .problem[id]")) {
    const control = form.querySelector(`[id="${problem.id.replace(/-problem$/, "")}"]`);
    if (!control) {
      continue;
    }
    control.closest(".field").classList.add("field-wrong");
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", problem.id);
    if (control.matches("fieldset")) {
      control.querySelector("legend").after(problem);
    } else {
      (control.closest(".with-unit") || control).before(problem);
    }
  }
}

function showFailure(form) {
  const reasons = document.createElement("div");
  reasons.className = "error-summary";
  reasons.setAttribute("role", "alert");
  reasons.tabIndex = -1;
  reasons.textContent = form.dataset.failed;
  place(form, reasons);
}

function place(form, reasons) {
  form.parentElement.querySelectorAll(".error-summary").forEach((each) => each.remove());
  form.before(reasons);
  reasons.focus();
}
