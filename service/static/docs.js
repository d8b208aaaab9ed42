"use strict";
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: document.body.dataset.document,
    dom_id: "#document",
    deepLinking: true,
    docExpansion: "none",
    persistAuthorization: false,
    validatorUrl: null,
    tryItOutEnabled: false,
  });
});
