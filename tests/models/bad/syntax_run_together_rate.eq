state u
dudt = -u
du_dt = -u
