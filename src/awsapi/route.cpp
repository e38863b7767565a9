// SPDX-License-Identifier: Apache-2.0
#include "awsapi/route.hpp"

#include "awsapi/form_body.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

namespace otabahn::awsapi {

namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

std::string_view take_segment(std::string_view& path) {
    const auto end = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    return segment;
}

bool is_literal(std::string_view segment, std::string_view wanted) {
    return segment.find('%') == std::string_view::npos ? segment == wanted : percent_decode(segment) == wanted;
}

// Both paths start with a slash. Only {Label} and literal segments occur in the models, and {Label+} at the end. Gives the
// number of literal segments when the path fits; the labels are collected for the winner alone, so most operations of a
// service are told apart without an allocation.
std::optional<int> match_path(std::string_view pattern, std::string_view path, Labels* labels) {
    if (!path.starts_with('/')) return std::nullopt;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    int literals = 0;
    bool pattern_more = true, path_more = true;
    while (pattern_more && path_more) {
        pattern_more = pattern.find('/') != std::string_view::npos;
        if (!pattern_more && pattern.ends_with("+}")) {
            if (path.empty()) return std::nullopt;
            if (labels) labels->emplace_back(pattern.substr(1, pattern.size() - 3), percent_decode(path));
            return literals;
        }
        path_more = path.find('/') != std::string_view::npos;
        const auto wanted = take_segment(pattern);
        const auto got = take_segment(path);
        if (wanted.starts_with('{')) {
            if (got.empty()) return std::nullopt;
            if (labels) labels->emplace_back(wanted.substr(1, wanted.size() - 2), percent_decode(got));
        } else {
            if (!is_literal(got, wanted)) return std::nullopt;
            ++literals;
        }
    }
    if (pattern_more || path_more) return std::nullopt;
    return literals;
}

bool has_markers(const OperationRow& operation, const Request& request) {
    return std::all_of(operation.markers.begin(), operation.markers.end(), [&](const auto& marker) {
        const std::string* const value = request.find_query(marker.first);
        return value && (marker.second.empty() || *value == marker.second);
    });
}

// Compared in this order; the greatest wins.
using Fitness = std::tuple<int, std::size_t, int, int, bool>;  // literals, markers, required present, -required missing, in scope

Fitness fitness(const OperationRow& operation, const Request& request, int literals) {
    int present = 0, missing = 0;
    for (const auto name : operation.required_query) ++(request.find_query(name) ? present : missing);
    for (const auto name : operation.required_headers) ++(request.headers.contains(name) ? present : missing);
    return {literals, operation.markers.size(), present, -missing, operation.in_scope};
}

// S3 has operations that only their query or headers set apart: without any of them it is another operation, or none.
bool is_not_meant(const OperationRow& operation, const Fitness& fitness) {
    const bool set_apart = !operation.required_query.empty() || !operation.required_headers.empty();
    return operation.service->family == Family::rest_xml && operation.markers.empty() && set_apart && std::get<2>(fitness) == 0;
}

Outcome<Route> no_rest_operation(const ServiceRow& service, const Request& request) {
    if (service.family == Family::rest_xml)
        return service_fail("MethodNotAllowed", 405, "The specified method is not allowed against this resource.",
                            {{"Method", request.method}, {"ResourceType", request.path == "/" ? "SERVICE" : "OBJECT"}});
    return service_fail("UnknownOperationException", 404,
                        "No operation of " + std::string(service.name) + " is called by " + request.method + " " + request.path +
                            ": see the service's API reference for its routes.");
}

Outcome<Route> find_rest(const ServiceRow& service, const Request& request, std::string_view path) {
    Route best;
    std::optional<Fitness> best_fitness;
    for (const OperationRow& operation : service.operations) {
        if (operation.method != request.method || !has_markers(operation, request)) continue;
        const auto literals = match_path(operation.path, path, nullptr);
        if (!literals) continue;
        const auto candidate = fitness(operation, request, *literals);
        if (is_not_meant(operation, candidate) || (best_fitness && candidate <= *best_fitness)) continue;
        best_fitness = candidate;
        best.operation = &operation;
    }
    if (!best.operation) return no_rest_operation(service, request);
    match_path(best.operation->path, path, &best.labels);
    return best;
}

}  // namespace

Outcome<Route> find_route(const ServiceRow& service, const Request& request) {
    switch (service.family) {
        case Family::rest_json:
        case Family::rest_xml: {
            auto found = find_rest(service, request, request.path);
            // "/things/" is taken for "/things", as "/bucket/" is the bucket itself.
            if (!found && request.path.size() > 1 && request.path.ends_with('/')) {
                auto without = find_rest(service, request, std::string_view(request.path).substr(0, request.path.size() - 1));
                if (without) return without;
            }
            return found;
        }
        case Family::query: {
            const auto action = form_field(request, "Action");
            if (!action) return service_fail("MissingAction", 400, "The request names no operation: the form field Action is missing.");
            if (const auto version = form_field(request, "Version"); !version || *version == service.api_version)
                if (const OperationRow* const operation = service.find_operation(*action)) return Route{operation, {}};
            return service_fail("InvalidAction", 400,
                                "Could not find operation " + *action + " for version " +
                                    form_field(request, "Version").value_or(std::string(service.api_version)));
        }
        case Family::json_1_1: {
            std::string_view target = request.headers.value("X-Amz-Target");
            const auto dot = target.rfind('.');
            if (dot != std::string_view::npos && target.substr(0, dot) == service.target_prefix)
                if (const OperationRow* const operation = service.find_operation(target.substr(dot + 1))) return Route{operation, {}};
            return service_fail("UnknownOperationException", 400,
                                target.empty()
                                    ? "The request names no operation: the header X-Amz-Target is missing."
                                    : "No operation of " + std::string(service.name) + " is called " + std::string(target) + ".");
        }
    }
    return service_fail("UnknownOperationException", 404, "The service speaks no protocol that is known here.");
}

}  // namespace otabahn::awsapi
