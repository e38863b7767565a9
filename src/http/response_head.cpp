// SPDX-License-Identifier: Apache-2.0
#include "http/response_head.hpp"

#include "sigv4/amz_time.hpp"

#include <boost/beast/http/status.hpp>

namespace otabahn::http {
namespace {

bool breaks_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

bool is_ours(std::string_view name) {
    return awsapi::same_header_name(name, "Content-Length") || awsapi::same_header_name(name, "Connection") ||
           awsapi::same_header_name(name, "Date") || awsapi::same_header_name(name, "Transfer-Encoding");
}

}  // namespace

std::string format_head(const awsapi::Response& response, const ResponseFrame& frame) {
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
    out.append(boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(response.status))))
        .append("\r\n");
    out.append("Date: ").append(sigv4::format_http_date(frame.now)).append("\r\n");
    for (const auto& [name, value] : response.headers)
        if (!is_ours(name) && !breaks_line(name) && !breaks_line(value)) out.append(name).append(": ").append(value).append("\r\n");
    // 204 and 304 have no body and say nothing of its length.
    if (response.status != 204 && response.status != 304) {
        std::string length = std::to_string(response.source ? response.source->size() : response.body.size());
        if (const std::string* said = response.headers.find("Content-Length"); said != nullptr && frame.head_request && !breaks_line(*said))
            length = *said;
        out.append("Content-Length: ").append(length).append("\r\n");
    }
    out.append(frame.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
    return out.append("\r\n");
}

}  // namespace otabahn::http
