  !> log(1 + x) without loss of digits for small x (Kahan).
  elemental pure function log1p(x) result(y)
    real(dp), intent(in) :: x
    real(dp) :: y, u
    u = 1.0_dp + x
    if (abs(x) > 0.5_dp) then
      y = log(u)
    else if (u == 1.0_dp) then
      y = x
    else
      y = log(u)*x/(u - 1.0_dp)
    end if
  end function log1p
