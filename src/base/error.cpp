// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

namespace otabahn {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_request:
            return "invalid request";
        case ErrorCode::invalid_json:
            return "invalid JSON";
        case ErrorCode::not_found:
            return "not found";
        case ErrorCode::already_exists:
            return "already exists";
        case ErrorCode::conflict:
            return "conflict";
        case ErrorCode::version_conflict:
            return "version conflict";
        case ErrorCode::invalid_state:
            return "invalid state";
        case ErrorCode::terminal_state:
            return "terminal state";
        case ErrorCode::limit_exceeded:
            return "limit exceeded";
        case ErrorCode::access_denied:
            return "access denied";
        case ErrorCode::unauthenticated:
            return "unauthenticated";
        case ErrorCode::throttled:
            return "throttled";
        case ErrorCode::unavailable:
            return "unavailable";
        case ErrorCode::not_implemented:
            return "not implemented";
        case ErrorCode::internal:
            return "internal";
    }
    return "unknown";
}

}  // namespace otabahn
