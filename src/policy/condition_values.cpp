// SPDX-License-Identifier: Apache-2.0
// Numbers, dates and address ranges as conditions write them.
#include "policy/condition.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <chrono>
#include <cmath>

namespace otabahn::policy {
namespace {

// Exactly `digits` decimal digits at the front of `text`, which loses them.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int out = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        out = out * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return out;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

struct TimeOfDay {
    double seconds = 0;
};

// hh:mm[:ss[.fff]](Z|±hh:mm), given in seconds of UTC.
std::optional<TimeOfDay> parse_time(std::string_view text) {
    const auto hours = take_digits(text, 2);
    if (!hours || *hours > 24 || !take(text, ':')) return std::nullopt;
    const auto minutes = take_digits(text, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    double seconds = *hours * 3600.0 + *minutes * 60.0;
    if (take(text, ':')) {
        const auto whole = take_digits(text, 2);
        if (!whole || *whole > 60) return std::nullopt;
        seconds += *whole;
        if (take(text, '.')) {
            double unit = 0.1;
            const std::size_t before = text.size();
            while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
                seconds += (text.front() - '0') * unit;
                unit /= 10;
                text.remove_prefix(1);
            }
            if (text.size() == before) return std::nullopt;
        }
    }
    if (text == "Z" || text.empty()) return TimeOfDay{seconds};
    const bool east = text.front() == '+';
    if (!east && text.front() != '-') return std::nullopt;
    text.remove_prefix(1);
    const auto zone_hours = take_digits(text, 2);
    take(text, ':');
    const auto zone_minutes = take_digits(text, 2);
    if (!zone_hours || !zone_minutes || *zone_hours > 23 || *zone_minutes > 59 || !text.empty()) return std::nullopt;
    const double offset = *zone_hours * 3600.0 + *zone_minutes * 60.0;
    return TimeOfDay{seconds + (east ? -offset : offset)};
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    double out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(out)) return std::nullopt;
    return out;
}

std::optional<double> parse_date(std::string_view text) {
    // Four digits are a year; longer numbers are seconds.
    if (text.size() > 4)
        if (const auto epoch = parse_number(text)) return epoch;
    const auto year = take_digits(text, 4);
    if (!year) return std::nullopt;
    std::optional<int> month = 1, day = 1;
    if (take(text, '-')) {
        month = take_digits(text, 2);
        if (month && take(text, '-')) day = take_digits(text, 2);
    }
    if (!month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    const double midnight = static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) * 86400.0;
    if (text.empty()) return midnight;
    if (!take(text, 'T')) return std::nullopt;
    const auto time = parse_time(text);
    if (!time) return std::nullopt;
    return midnight + time->seconds;
}

std::optional<AddressRange> AddressRange::parse(std::string_view cidr) {
    AddressRange out;
    const std::size_t slash = cidr.find('/');
    const std::string address(cidr.substr(0, slash));
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    int widest = 128;
    if (inet_pton(AF_INET6, address.c_str(), out.address.data()) != 1) {
        if (inet_pton(AF_INET, address.c_str(), out.address.data() + 12) != 1) return std::nullopt;
        std::copy(mapped.begin(), mapped.end(), out.address.begin());
        widest = 32;
    }
    if (slash == std::string_view::npos) return out;
    const std::string_view bits = cidr.substr(slash + 1);
    const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), out.bits);
    if (bits.empty() || error != std::errc() || end != bits.data() + bits.size() || out.bits < 0 || out.bits > widest) return std::nullopt;
    out.bits += 128 - widest;
    return out;
}

bool AddressRange::holds(const AddressRange& single) const {
    int left = bits;
    for (std::size_t i = 0; i < address.size() && left > 0; ++i, left -= 8) {
        const auto mask = static_cast<std::uint8_t>(left >= 8 ? 0xff : 0xff << (8 - left));
        if ((address[i] & mask) != (single.address[i] & mask)) return false;
    }
    return true;
}

}  // namespace otabahn::policy
