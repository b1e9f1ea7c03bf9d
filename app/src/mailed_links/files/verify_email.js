onSubmit(
  "v1/email-verifications/complete",
  () => ({ body: { token } }),
  "The address is verified. You can close this page.",
);
