/* T(name): one line for each test file; main.c runs them in this order. */
T(base_str)
T(base_path)
T(os_file)
T(crypto_sha256)
T(crypto_ed25519)
T(crypto_scrypt)
