// Shows the API's description. Nothing is loaded from anywhere else, and nothing is kept.
window.addEventListener("DOMContentLoaded", () => {
  window.SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#api",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    docExpansion: "list",
    displayRequestDuration: true,
    layout: "BaseLayout",
    tryItOutEnabled: false,
    validatorUrl: null,
  });
});
