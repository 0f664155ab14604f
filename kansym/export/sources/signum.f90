  !> -1, 0 or 1.
  elemental pure function signum(x) result(y)
    real(dp), intent(in) :: x
    real(dp) :: y
    y = merge(sign(1.0_dp, x), x, abs(x) > 0.0_dp)
  end function signum
