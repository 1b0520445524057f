state u
dt(u) = -u # ‮ hidden ‬
