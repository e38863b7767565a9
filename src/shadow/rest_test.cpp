// SPDX-License-Identifier: Apache-2.0
// Shadows over HTTPS: documents, statuses, permissions, pages, and what MQTT hears of it (spec gateway 5.1, 5.4, 2.2).
#include "shadow/fixture_test.hpp"

#include "access/access.hpp"

namespace otabahn::shadow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Rest : public ShadowFixture {
  protected:
    std::string update(const std::string& payload, std::optional<std::string> name = {}) {
        return said(call<data::UpdateThingShadow>({.thing_name = "T", .shadow_name = std::move(name), .payload = payload}));
    }
    std::string get(std::optional<std::string> name = {}) {
        return said(call<data::GetThingShadow>({.thing_name = "T", .shadow_name = std::move(name)}));
    }
    template <class Output>
    static std::string said(const awsapi::Outcome<Output>& out) {
        if (!out) return std::to_string(out.error().status) + " " + out.error().code + ": " + out.error().message;
        if constexpr (std::is_same_v<std::decay_t<decltype(out->payload)>, std::string>)
            return out->payload;
        else
            return out->payload.value_or("");
    }
};
INSTANTIATE_TEST_SUITE_P(Engines, Rest, ::testing::ValuesIn(store::testing::engines()), store::testing::engine_name);

TEST_P(Rest, AnUpdateIsAnsweredAndHeardOnMqtt) {
    EXPECT_EQ(
        update(R"({"state":{"desired":{"a":1}},"clientToken":"c"})"),
        R"({"state":{"desired":{"a":1}},"metadata":{"desired":{"a":{"timestamp":100}}},"version":1,"timestamp":100,"clientToken":"c"})");
    EXPECT_THAT(heard(), ElementsAre(HasSubstr(R"(update/accepted {"state":{"desired":{"a":1}})"), HasSubstr("update/delta"),
                                     HasSubstr("update/documents")));
    EXPECT_EQ(
        get(),
        R"({"state":{"desired":{"a":1},"delta":{"a":1}},"metadata":{"desired":{"a":{"timestamp":100}}},"version":1,"timestamp":100})");
    EXPECT_THAT(heard(), IsEmpty());
}

TEST_P(Rest, ADeletionIsHeardOnMqtt) {
    update(R"({"state":{"desired":{"a":1}}})", "n");
    heard();
    EXPECT_EQ(said(call<data::DeleteThingShadow>({.thing_name = "T", .shadow_name = "n"})), R"({"version":1,"timestamp":100})");
    EXPECT_THAT(heard(), ElementsAre(R"(name/n/delete/accepted {"version":1,"timestamp":100})"));
    EXPECT_EQ(get("n"), "404 ResourceNotFoundException: No shadow exists with name: 'n'");
}

TEST_P(Rest, FailuresAreAnsweredToTheCallerAlone) {
    EXPECT_EQ(get(), "404 ResourceNotFoundException: No shadow exists with name: 'T'");
    EXPECT_EQ(said(call<data::DeleteThingShadow>({.thing_name = "T"})), "404 ResourceNotFoundException: No shadow exists with name: 'T'");
    EXPECT_EQ(update(""), "400 InvalidRequestException: Invalid JSON");
    EXPECT_EQ(update("{}"), "400 InvalidRequestException: Missing required node: state");
    EXPECT_EQ(update(R"({"state":{},"version":3})"), "409 ConflictException: Version conflict");
    EXPECT_EQ(update(std::string(8193, ' ')),
              "413 RequestEntityTooLargeException: Json document too large.  Size is 8193, max allowed: 8192");
    EXPECT_EQ(update("\"\xff\""), "415 UnsupportedDocumentEncodingException: Unsupported documented encoding; supported encoding is UTF-8");
    EXPECT_THAT(heard(), IsEmpty());
}

TEST_P(Rest, NamedShadowsAreListedPageByPage) {
    for (const char* name : {"c", "$a", "B", "gone"}) update(R"({"state":{"desired":{"a":1}}})", name);
    update(R"({"state":{"desired":{"a":1}}})");  // the classic one has no name
    ASSERT_TRUE(call<data::DeleteThingShadow>({.thing_name = "T", .shadow_name = "gone"}));
    const auto first = call<data::ListNamedShadowsForThing>({.thing_name = "T", .page_size = 2});
    ASSERT_TRUE(first);
    EXPECT_THAT(*first->results, ElementsAre("$a", "B"));
    EXPECT_EQ(first->timestamp, 100);
    ASSERT_TRUE(first->next_token);
    const auto second = call<data::ListNamedShadowsForThing>({.thing_name = "T", .next_token = first->next_token, .page_size = 2});
    ASSERT_TRUE(second);
    EXPECT_THAT(*second->results, ElementsAre("c"));
    EXPECT_FALSE(second->next_token);
    EXPECT_THAT(*call<data::ListNamedShadowsForThing>({.thing_name = "none"})->results, IsEmpty());
    EXPECT_EQ(call<data::ListNamedShadowsForThing>({.thing_name = "T", .next_token = "?"}).error().status, 400);
}

TEST_P(Rest, WhoIsNotAllowedIsRefusedBeforeAnythingIsRead) {
    auto caller = root();
    caller.root = false;
    caller.arn = "arn:aws:sts::561470034375:assumed-role/nobody/s";
    EXPECT_EQ(call<data::GetThingShadow>(caller, {.thing_name = "T"}).error().status, 403);
    const auto refused = call<data::UpdateThingShadow>(caller, {.thing_name = "T", .shadow_name = "n", .payload = "{}"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "ForbiddenException");
    EXPECT_THAT(refused.error().message, HasSubstr("iot:UpdateThingShadow"));
    EXPECT_THAT(refused.error().message, HasSubstr("thing/T/n"));
    EXPECT_EQ(call<data::DeleteThingShadow>(caller, {.thing_name = "T"}).error().status, 403);
    EXPECT_EQ(call<data::ListNamedShadowsForThing>(caller, {.thing_name = "T"}).error().status, 403);
}

}  // namespace
}  // namespace otabahn::shadow
