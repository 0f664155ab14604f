  !> Step function.
  elemental pure function heaviside(x, at_zero) result(y)
    real(dp), intent(in) :: x, at_zero
    real(dp) :: y
    y = at_zero
    if (x > 0.0_dp) y = 1.0_dp
    if (x < 0.0_dp) y = 0.0_dp
    if (x /= x) y = x
  end function heaviside
