  !> sin(x)/x.
  elemental pure function sinc(x) result(y)
    real(dp), intent(in) :: x
    real(dp) :: y
    y = 1.0_dp
    if (abs(x) > 0.0_dp .or. x /= x) y = sin(x)/x
  end function sinc
