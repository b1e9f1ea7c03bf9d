function read() {
  const password = document.getElementById("password").value;
  if (password !== document.getElementById("again").value) return { fault: "The two are not the same." };
  return { body: { token, new_password: password } };
}

onSubmit("v1/password-resets/complete", read, "The password is set. You can close this page.");
