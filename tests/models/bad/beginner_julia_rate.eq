state u
D(u) ~ -u
