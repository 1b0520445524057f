hidden hidden state u
dt(u) = -u
