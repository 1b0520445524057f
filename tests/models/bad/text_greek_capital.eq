state Ρ
dt(Ρ) = -
