"""The shell command ``naswot``."""
