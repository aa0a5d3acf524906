#pragma once

// How every source logs: by spdlog::info() and its like.
#include <spdlog/spdlog.h>

#if FMT_VERSION / 10000 == 9 && !defined(FMT_HEADER_ONLY)
// libfmt has the formatter. Each source that logs would compile it once more,
// for 3.5 s, because spdlog calls the template that fmt's headers hide.
extern template void fmt::detail::vformat_to<char>(
  fmt::detail::buffer<char>&, fmt::basic_string_view<char>,
  fmt::basic_format_args<fmt::buffer_context<char>>, fmt::detail::locale_ref);
#endif
