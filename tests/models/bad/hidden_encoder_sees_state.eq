state q
hidden state p
learned encode(q) by mlp(8)
dt(q) = p
dt(p) = -q
init p = encode
