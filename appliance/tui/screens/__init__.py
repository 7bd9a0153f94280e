"""The screens, one module each; none of them touches the terminal or knows a drive's technology."""
