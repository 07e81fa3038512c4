// Shows the document that this server gives. The validator of Swagger UI is a service on the web, and stays off.
window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#document",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
  withCredentials: false,
});
