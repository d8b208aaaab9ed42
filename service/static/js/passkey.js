// Passkeys: a button in a form asks the server what to sign, lets the browser sign it, and sends the form with the answer.
const supported = Boolean(window.PublicKeyCredential && navigator.credentials);
document.documentElement.classList.toggle("has-passkeys", supported);

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// The server names bytes in base64url; the browser takes and gives buffers.
function decoded(options) {
  const keys = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user ? { user: { ...options.user, id: bytes(options.user.id) } } : {}),
    ...(options.allowCredentials ? { allowCredentials: keys(options.allowCredentials) } : {}),
    ...(options.excludeCredentials ? { excludeCredentials: keys(options.excludeCredentials) } : {}),
  };
}

function encoded(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) {
      response[part] = text(credential.response[part]);
    }
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

function show(form, messages) {
  const line = form.querySelector("[data-passkey-problem]");
  line.textContent = messages.join(" ");
  line.hidden = messages.length === 0;
}

async function use(button) {
  const form = button.form;
  show(form, []);
  const address = (form.getAttribute("action") || location.pathname).replace(/#.*$/, "") + "/challenge";
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error" });
  const options = (answer.headers.get("Content-Type") || "").startsWith("application/json") ? await answer.json() : {};
  if (!answer.ok || !options.challenge) {
    show(form, options.messages || [button.dataset.refused]);
    return;
  }
  const ceremony = { publicKey: decoded(options) };
  const credential = await navigator.credentials[button.dataset.passkey](ceremony).catch(() => null);
  if (!credential) {
    show(form, [button.dataset.refused]);
  } else {
    form.elements.answer.value = encoded(credential);
    form.noValidate = true;
    form.requestSubmit();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-passkey]") : null;
  if (button) {
    event.preventDefault();
    button.disabled = true;
    use(button).finally(() => {
      button.disabled = false;
    });
  }
});
