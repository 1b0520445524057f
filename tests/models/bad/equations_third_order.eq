state u
dttt(u) = -u
