// SPDX-License-Identifier: Apache-2.0
// The failure that our own rules speak of. Edges translate it once: to an AWS exception, an MQTT reason code or an exit
// status. The message is a whole sentence that says what was tried, on what, and what decided it.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace otabahn {

enum class ErrorCode {
    invalid_request,  // the input breaks a rule
    invalid_json,     // the input is no JSON where JSON is due
    not_found,
    already_exists,
    conflict,          // something else stands in the way
    version_conflict,  // the caller expected another version
    invalid_state,     // the state of the thing named forbids it
    terminal_state,    // it has ended
    limit_exceeded,
    access_denied,    // known who asks; not allowed
    unauthenticated,  // not known who asks
    throttled,
    unavailable,  // try again
    not_implemented,
    internal,
};

struct Error {
    ErrorCode code;
    std::string message;
    std::string resource;  // ARN or name of what the message is about; may be empty

    Error(ErrorCode error_code, std::string error_message, std::string error_resource = {})
        : code(error_code), message(std::move(error_message)), resource(std::move(error_resource)) {}
};

inline Unexpected<Error> fail(ErrorCode code, std::string message, std::string resource = {}) {
    return Unexpected(Error(code, std::move(message), std::move(resource)));
}

std::string_view to_string(ErrorCode code);

}  // namespace otabahn
