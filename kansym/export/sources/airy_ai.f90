  !> Airy function Ai: exp(-2/3 x^1.5)/pi times the integral of exp(-sqrt(x) t^2) cos(t^3/3) for x > 1, Taylor
  !> steps of y'' = x y from 0, and the asymptotic series (DLMF 9.7.9) for x < -9.
  elemental pure function airy_ai(x) result(y)
    real(dp), intent(in) :: x
    real(dp), parameter :: pi = 3.141592653589793_dp
    real(dp) :: y, root, step, t, zeta, term, parts(0:1), slope, at, before, a, b, c, power, rise
    integer :: i, n
    if (x > 1.0_dp) then
      root = sqrt(x)
      step = 6.5_dp/sqrt(root)/160.0_dp
      y = 0.5_dp
      do i = 1, 160
        t = i*step
        y = y + exp(-root*t*t)*cos(t*t*t/3.0_dp)
      end do
      y = exp(-2.0_dp/3.0_dp*x*root)*y*step/pi
    else if (x < -9.0_dp) then
      zeta = 2.0_dp/3.0_dp*(-x)*sqrt(-x)
      parts = 0.0_dp
      term = 1.0_dp
      do n = 0, 17
        parts(mod(n, 2)) = parts(mod(n, 2)) + merge(term, -term, mod(n, 4) < 2)
        term = term*(6.0_dp*n + 1.0_dp)*(6.0_dp*n + 3.0_dp)*(6.0_dp*n + 5.0_dp) &
          /(216.0_dp*(n + 1.0_dp)*(2.0_dp*n + 1.0_dp))/zeta
      end do
      y = ((cos(zeta) + sin(zeta))*parts(0) + (sin(zeta) - cos(zeta))*parts(1))/sqrt(2.0_dp*pi*sqrt(-x))
    else
      step = x/20.0_dp
      y = 0.35502805388781723926_dp
      slope = -0.25881940379280679841_dp
      do i = 0, 19
        at = i*step
        before = 0.0_dp
        a = y
        b = slope
        power = step
        y = y + slope*step
        rise = slope
        do n = 0, 29
          ! y'' = x y for the coefficients about `at`.
          c = (at*a + before)/((n + 2.0_dp)*(n + 1.0_dp))
          rise = rise + (n + 2.0_dp)*c*power
          power = power*step
          y = y + c*power
          before = a
          a = b
          b = c
        end do
        slope = rise
      end do
    end if
  end function airy_ai
