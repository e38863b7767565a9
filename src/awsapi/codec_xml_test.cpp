// SPDX-License-Identifier: Apache-2.0
// S3's XML and headers, and the query services' forms and XML, on the wire.
#include "api/iam.hpp"
#include "api/s3.hpp"
#include "api/sts.hpp"
#include "awsapi/codec.hpp"

#include <gtest/gtest.h>

namespace otabahn::awsapi {
namespace {

Request ask(std::string method, std::string_view target, std::string body = {}, Headers headers = {}) {
    Request request;
    request.method = std::move(method);
    set_target(request, target);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return request;
}

template <class Op>
Outcome<typename Op::Input> read(const Request& request) {
    const auto route = find_route(*row<Op>().service, request);
    if (!route) return Unexpected(route.error());
    EXPECT_EQ(route->operation->name, Op::name);
    typename Op::Input input{};
    auto decoded = decode_input(*route, request, &input);
    if (!decoded) return Unexpected(std::move(decoded).error());
    return input;
}
template <class Op>
std::string refusal(const Request& request) {
    const auto input = read<Op>(request);
    return input ? "accepted" : std::to_string(input.error().status) + " " + input.error().code;
}
template <class Op>
std::string written(const typename Op::Output& output) {
    return encode_output(row<Op>(), &output, "id").body;
}
constexpr std::string_view xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::string_view space = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

TEST(S3Input, HeadersOfAPutFillTheirMembers) {
    const auto in = read<api::s3::PutObject>(ask("PUT", "/b/dir/k%20k", "",
                                                 Headers{{"Content-Type", "text/plain"},
                                                         {"content-length", "12"},
                                                         {"X-Amz-Meta-Colour", "red"},
                                                         {"x-amz-meta-colour", " blue "},
                                                         {"x-amz-meta-Size", "XL"},
                                                         {"x-amz-meta-", "nameless"},
                                                         {"x-amz-checksum-crc32", "AAAAAA=="},
                                                         {"Expires", "Sat, 28 Jun 2025 12:00:00 GMT"},
                                                         {"X-Unknown", "1"}}));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->bucket, "b");
    EXPECT_EQ(in->key, "dir/k k");
    EXPECT_EQ(in->content_type, "text/plain");
    EXPECT_EQ(in->content_length, 12);
    EXPECT_EQ(in->checksum_crc32, "AAAAAA==");
    EXPECT_EQ(in->metadata, (std::map<std::string, std::string>{{"colour", "red,blue"}, {"size", "XL"}}));
}

TEST(S3Input, ConditionsAreTimesOfRfc1123) {
    const auto in = read<api::s3::GetObject>(ask("GET", "/b/k?versionId=v&response-content-type=a%2Fb&X-Amz-Signature=x", "",
                                                 Headers{{"If-Modified-Since", "Sat, 28 Jun 2025 12:00:00 GMT"}, {"Range", "bytes=0-1"}}));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->if_modified_since, from_millis(1751112000000));
    EXPECT_EQ(in->version_id, "v");
    EXPECT_EQ(in->response_content_type, "a/b");
    EXPECT_EQ(in->range, "bytes=0-1");
}

TEST(S3Input, BodiesAreReadWithAndWithoutNamespaceAndPrefix) {
    for (const std::string body :
         {"<CompleteMultipartUpload "
          "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><PartNumber>1</PartNumber><ETag>&quot;e&quot;</ETag></Part>"
          "<Part><ETag>f</ETag><PartNumber>2</PartNumber><Unknown/></Part></CompleteMultipartUpload>",
          "<CompleteMultipartUpload>\n <Part>\n  <PartNumber>1</PartNumber> "
          "<ETag>\"e\"</ETag></Part><Part><ETag>f</ETag><PartNumber>2</PartNumber>"
          "</Part></CompleteMultipartUpload>",
          "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><s:CompleteMultipartUpload "
          "xmlns:s=\"x\"><s:Part><s:PartNumber>1</s:PartNumber>"
          "<s:ETag><![CDATA[\"e\"]]></s:ETag></s:Part><s:Part><s:PartNumber>2</s:PartNumber><s:ETag>f</s:ETag></s:Part>"
          "</s:CompleteMultipartUpload>"}) {
        const auto in = read<api::s3::CompleteMultipartUpload>(ask("POST", "/b/k?uploadId=u", body));
        ASSERT_TRUE(in) << in.error().message;
        ASSERT_EQ(in->multipart_upload->parts->size(), 2U);
        EXPECT_EQ(in->multipart_upload->parts->at(0).etag, "\"e\"");
        EXPECT_EQ(in->multipart_upload->parts->at(1).part_number, 2);
    }
}

TEST(S3Input, AKeyOfBlanksIsAKey) {
    const auto in = read<api::s3::DeleteObjects>(
        ask("POST", "/b?delete", "<Delete><Object><Key> </Key></Object><Object><Key>a&#13;b</Key></Object><Quiet>true</Quiet></Delete>"));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->delete_.objects.at(0).key, " ");
    EXPECT_EQ(in->delete_.objects.at(1).key, "a\rb");
    EXPECT_EQ(in->delete_.quiet, true);
}

TEST(S3Input, EntitiesOfADocumentTypeAreNeverExpanded) {
    const auto in = read<api::s3::DeleteObjects>(ask(
        "POST", "/b?delete", "<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><Delete><Object><Key>&x;</Key></Object></Delete>"));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->delete_.objects.at(0).key, "&x;");
}

TEST(S3Input, WhatIsNoXmlOrNotTheRightXmlIsMalformed) {
    const auto put = [](std::string body) { return refusal<api::s3::PutBucketVersioning>(ask("PUT", "/b?versioning", std::move(body))); };
    EXPECT_EQ(put("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"), "accepted");
    EXPECT_EQ(put("<VersioningConfiguration><Status>On</Status></VersioningConfiguration>"), "400 MalformedXML");
    EXPECT_EQ(put("<VersioningConfiguration><Status>Enabled</VersioningConfiguration>"), "400 MalformedXML");
    EXPECT_EQ(put("<Other/>"), "400 MalformedXML");
    EXPECT_EQ(put("{}"), "400 MalformedXML");
    EXPECT_EQ(put("   "), "400 MalformedXML");
    EXPECT_EQ(put(""), "400 MissingRequestBodyError");
    EXPECT_EQ(refusal<api::s3::DeleteObjects>(ask("POST", "/b?delete", "<Delete/>")), "400 MalformedXML");
    EXPECT_EQ(refusal<api::s3::DeleteObjects>(ask("POST", "/b?delete", "<Delete><Object><VersionId>v</VersionId></Object></Delete>")),
              "400 MalformedXML");
    EXPECT_EQ(refusal<api::s3::DeleteObjects>(ask("POST", "/b?delete", "<Delete><Object><Key>k</Key><Size>x</Size></Object></Delete>")),
              "400 MalformedXML");
    std::string deep;
    for (int i = 0; i < 100000; ++i) deep += "<a>";
    EXPECT_EQ(put(deep), "400 MalformedXML");
}

TEST(S3Input, BadHeadersAndParametersAreInvalidArguments) {
    const auto list = read<api::s3::ListObjectsV2>(ask("GET", "/b?list-type=2&max-keys=many"));
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().code, "InvalidArgument");
    EXPECT_EQ(list.error().fields,
              (std::vector<std::pair<std::string, std::string>>{{"ArgumentName", "max-keys"}, {"ArgumentValue", "many"}}));
    EXPECT_EQ(refusal<api::s3::ListObjectsV2>(ask("GET", "/b?list-type=2&encoding-type=base64")), "400 InvalidArgument");
    EXPECT_EQ(refusal<api::s3::UploadPart>(ask("PUT", "/b/k?partNumber=one&uploadId=u")), "400 InvalidArgument");
    EXPECT_EQ(refusal<api::s3::UploadPart>(ask("PUT", "/b/k?uploadId=u")), "400 InvalidRequest");
    EXPECT_EQ(refusal<api::s3::PutObject>(ask("PUT", "/b/k", "", Headers{{"x-amz-storage-class", "PAPER"}})), "400 InvalidArgument");
    EXPECT_EQ(refusal<api::s3::GetObject>(ask("GET", "/b/k", "", Headers{{"If-Modified-Since", "yesterday"}})), "400 InvalidArgument");
}

TEST(S3Input, ARegionIsTheHandlersToJudge) {
    const auto in = read<api::s3::CreateBucket>(
        ask("PUT", "/b", "<CreateBucketConfiguration><LocationConstraint>us-east-9</LocationConstraint></CreateBucketConfiguration>"));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->create_bucket_configuration->location_constraint, "us-east-9");
    EXPECT_EQ(read<api::s3::CreateBucket>(ask("PUT", "/b"))->create_bucket_configuration, std::nullopt);
}

TEST(S3Output, ListsStandFlatAfterWhatDescribesThem) {
    api::s3::ListObjectsV2Output out;
    out.name = "b";
    out.prefix = "";
    out.is_truncated = false;
    out.key_count = 1;
    out.contents.emplace().emplace_back();
    out.contents->back().key = "a&b\r";
    out.contents->back().etag = "\"e\"";
    out.contents->back().size = 5;
    out.contents->back().last_modified = from_millis(1751112000000);
    out.common_prefixes.emplace().emplace_back().prefix = "p/";
    EXPECT_EQ(written<api::s3::ListObjectsV2>(out),
              std::string(xml) + "<ListBucketResult" + std::string(space) +
                  "><IsTruncated>false</IsTruncated><Name>b</Name><Prefix></Prefix><KeyCount>1</KeyCount>"
                  "<Contents><Key>a&amp;b&#xD;</Key><LastModified>2025-06-28T12:00:00.000Z</LastModified><ETag>&quot;e&quot;</"
                  "ETag><Size>5</Size></Contents>"
                  "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListBucketResult>");
}

TEST(S3Output, HasTheRootsOfTheService) {
    api::s3::GetBucketLocationOutput location;
    EXPECT_EQ(written<api::s3::GetBucketLocation>(location),
              std::string(xml) + "<LocationConstraint" + std::string(space) + "></LocationConstraint>");
    location.location_constraint = "eu-west-1";
    EXPECT_EQ(written<api::s3::GetBucketLocation>(location),
              std::string(xml) + "<LocationConstraint" + std::string(space) + ">eu-west-1</LocationConstraint>");
    EXPECT_EQ(written<api::s3::GetBucketVersioning>({}),
              std::string(xml) + "<VersioningConfiguration" + std::string(space) + "></VersioningConfiguration>");
    api::s3::ListBucketsOutput buckets;
    buckets.owner.emplace().id = "o";
    buckets.buckets.emplace().emplace_back().name = "b";
    EXPECT_EQ(written<api::s3::ListBuckets>(buckets),
              std::string(xml) + "<ListAllMyBucketsResult" + std::string(space) +
                  "><Buckets><Bucket><Name>b</Name></Bucket></Buckets><Owner><ID>o</ID></Owner></ListAllMyBucketsResult>");
    api::s3::CopyObjectOutput copy;
    copy.version_id = "v";
    copy.copy_object_result.emplace().etag = "\"e\"";
    const Response copied = encode_output(row<api::s3::CopyObject>(), &copy, "id");
    EXPECT_EQ(copied.body, std::string(xml) + "<CopyObjectResult" + std::string(space) + "><ETag>&quot;e&quot;</ETag></CopyObjectResult>");
    EXPECT_EQ(copied.headers.value("x-amz-version-id"), "v");
}

TEST(S3Output, OfAPutIsHeadersAlone) {
    api::s3::PutObjectOutput out;
    out.etag = "\"abc\"";
    out.version_id = "v1\r\nSet-Cookie: x";  // whatever it is, it stays one header
    const Response response = encode_output(row<api::s3::PutObject>(), &out, "id");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.headers.value("ETag"), "\"abc\"");
    EXPECT_EQ(response.headers.value("x-amz-version-id"), "v1  Set-Cookie: x");
    EXPECT_EQ(response.headers.value("x-amz-request-id"), "id");
    EXPECT_TRUE(response.headers.contains("x-amz-id-2"));
    api::s3::DeleteObjectOutput deleted;
    deleted.delete_marker = true;
    const Response gone = encode_output(row<api::s3::DeleteObject>(), &deleted, "id");
    EXPECT_EQ(gone.status, 204);
    EXPECT_EQ(gone.headers.value("x-amz-delete-marker"), "true");
}

TEST(S3Output, OfAHeadHasItsTimesInRfc1123AndItsMetadata) {
    api::s3::HeadObjectOutput out;
    out.last_modified = from_millis(1751112000123);
    out.content_length = 7;
    out.metadata = std::map<std::string, std::string>{{"colour", "red"}};
    const Response response = encode_output(row<api::s3::HeadObject>(), &out, "id");
    EXPECT_EQ(response.headers.value("Last-Modified"), "Sat, 28 Jun 2025 12:00:00 GMT");
    EXPECT_EQ(response.headers.value("Content-Length"), "7");
    EXPECT_EQ(response.headers.value("x-amz-meta-colour"), "red");
}

TEST(S3Error, HasNoNamespaceAndAHeadHasNoBody) {
    const ServiceRow& s3 = *find_service("s3");
    const ServiceError error{"NoSuchKey", 404, "The specified key does not exist.", {{"Key", "a<b"}}, {{"x-amz-delete-marker", "true"}}};
    const Response response = encode_error(s3, error, "REQ");
    EXPECT_EQ(response.body, std::string(xml) +
                                 "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a&lt;b</Key>"
                                 "<RequestId>REQ</RequestId><HostId>UkVR</HostId></Error>");
    EXPECT_EQ(response.headers.value("x-amz-delete-marker"), "true");
    EXPECT_EQ(response.headers.value("Content-Type"), "application/xml");
    EXPECT_EQ(encode_error(s3, error, "REQ", true).body, "");
    EXPECT_EQ(encode_error(s3, {"NotModified", 304, "", {}, {}}, "REQ").body, "");
    const ServiceError read_back = decode_error(row<api::s3::GetObject>(), response);
    EXPECT_EQ(read_back.code, "NoSuchKey");
    EXPECT_EQ(read_back.fields.at(0), (std::pair<std::string, std::string>("Key", "a<b")));
    Response head;
    head.status = 404;
    EXPECT_EQ(decode_error(row<api::s3::HeadObject>(), head).code, "404");
}

TEST(S3Client, AnErrorMayHideInA200) {
    Response response;
    response.body = "  <?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>m</Message></Error>";
    const auto out = decode<api::s3::CompleteMultipartUpload>(response);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, "InternalError");
    response.body = "";
    EXPECT_FALSE(decode<api::s3::ListObjectsV2>(response));
    response.body = "<a>";
    EXPECT_FALSE(decode<api::s3::ListObjectsV2>(response));
}

TEST(S3Client, WritesPathsQueriesAndBodies) {
    api::s3::CompleteMultipartUploadRequest in;
    in.bucket = "b";
    in.key = "dir/k k+";
    in.upload_id = "u/1";
    in.multipart_upload.emplace().parts.emplace().emplace_back().part_number = 1;
    const Request request = encode<api::s3::CompleteMultipartUpload>(in);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/b/dir/k%20k%2B");
    EXPECT_EQ(request.raw_query, "uploadId=u%2F1");
    EXPECT_EQ(request.body, std::string(xml) + "<CompleteMultipartUpload" + std::string(space) +
                                "><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>");
    api::s3::ListObjectsV2Request list;
    list.bucket = "b";
    list.prefix = "p/";
    EXPECT_EQ(encode<api::s3::ListObjectsV2>(list).raw_query, "list-type=2&prefix=p%2F");
    api::s3::CreateMultipartUploadRequest create;
    create.bucket = "b";
    create.key = "k";
    EXPECT_EQ(encode<api::s3::CreateMultipartUpload>(create).target(), "/b/k?uploads");
}

TEST(QueryInput, ListsAreNumbersInAnyOrder) {
    const auto in = read<api::iam::CreateRole>(
        ask("POST", "/",
            "Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%22a%22%3A+1%7D&Tags.member.10.Key=j&Tags.member."
            "10.Value=10"
            "&Tags.member.2.Value=2&Tags.member.2.Key=b&MaxSessionDuration=3600&Unknown.member.1=x&RoleName=other"));
    ASSERT_TRUE(in) << in.error().message;
    EXPECT_EQ(in->role_name, "r");
    EXPECT_EQ(in->assume_role_policy_document, "{\"a\": 1}");
    ASSERT_EQ(in->tags->size(), 2U);
    EXPECT_EQ(in->tags->at(0).key, "b");
    EXPECT_EQ(in->tags->at(1).value, "10");
    EXPECT_EQ(in->max_session_duration, 3600);
}

TEST(QueryInput, IsRefusedInTheWordsOfIam) {
    const auto said = [](std::string body) {
        const auto in = read<api::iam::CreateRole>(ask("POST", "/", "Action=CreateRole&Version=2010-05-08" + std::move(body)));
        return in ? "accepted" : in.error().code + ": " + in.error().message;
    };
    EXPECT_EQ(
        said("&RoleName=a+b&AssumeRolePolicyDocument=x"),
        "ValidationError: 1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: [\\w+=,.@-]+");
    EXPECT_EQ(said("&RoleName=a"),
              "ValidationError: 1 validation error detected: Value null at 'assumeRolePolicyDocument' failed to satisfy constraint: Member "
              "must not "
              "be null");
    EXPECT_EQ(said("&RoleName=&AssumeRolePolicyDocument=x"),
              "ValidationError: 1 validation error detected: Value '' at 'roleName' failed to satisfy constraint: Member must have length "
              "greater "
              "than or equal to 1");
    EXPECT_EQ(said("&RoleName=a&AssumeRolePolicyDocument=x&MaxSessionDuration=60"),
              "ValidationError: 1 validation error detected: Value '60' at 'maxSessionDuration' failed to satisfy constraint: Member must "
              "have value "
              "greater than or equal to 3600");
    EXPECT_EQ(said("&RoleName=a&AssumeRolePolicyDocument=x&MaxSessionDuration=1h"),
              "ValidationError: 1 validation error detected: Value '1h' at 'maxSessionDuration' failed to satisfy constraint: Member must "
              "be a whole "
              "number in range");
    EXPECT_EQ(said("&RoleName=a&AssumeRolePolicyDocument=x&Tags.member.1.Value=v"),
              "ValidationError: 1 validation error detected: Value null at 'tags.1.member.key' failed to satisfy constraint: Member must "
              "not be null");
    EXPECT_EQ(said("&RoleName=a&AssumeRolePolicyDocument=x&Tags="), "accepted");
    EXPECT_EQ(said("&RoleName=a&AssumeRolePolicyDocument=x&Tags.member.x.Key=v"), "accepted");
}

TEST(QueryOutput, WrapsTheResult) {
    api::sts::GetCallerIdentityResponse out;
    out.account = "1";
    out.arn = "arn:aws:iam::1:root";
    const Response response = encode_output(row<api::sts::GetCallerIdentity>(), &out, "id");
    EXPECT_EQ(response.body,
              std::string(xml) +
                  "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>"
                  "<Account>1</Account><Arn>arn:aws:iam::1:root</Arn></GetCallerIdentityResult><ResponseMetadata><RequestId>id</RequestId>"
                  "</ResponseMetadata></GetCallerIdentityResponse>");
    EXPECT_EQ(response.headers.value("Content-Type"), "text/xml");
    api::Nothing nothing;
    EXPECT_EQ(
        encode_output(row<api::iam::AttachRolePolicy>(), &nothing, "id").body,
        std::string(xml) +
            "<AttachRolePolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ResponseMetadata><RequestId>id</RequestId>"
            "</ResponseMetadata></AttachRolePolicyResponse>");
}

TEST(QueryOutput, ListsHaveMembersAndAnEmptyListIsAnEmptyElement) {
    api::iam::ListRolePoliciesResponse out;
    out.is_truncated = false;
    EXPECT_NE(written<api::iam::ListRolePolicies>(out).find("<PolicyNames></PolicyNames><IsTruncated>false</IsTruncated>"),
              std::string::npos);
    out.policy_names = {"a", "b"};
    EXPECT_NE(written<api::iam::ListRolePolicies>(out).find("<PolicyNames><member>a</member><member>b</member></PolicyNames>"),
              std::string::npos);
}

TEST(QueryError, SaysWhoseFaultItIs) {
    const Response sender =
        encode_error(*find_service("iam"), {"NoSuchEntity", 404, "The role with name x cannot be found.", {}, {}}, "id");
    EXPECT_EQ(sender.body,
              "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>"
              "<Message>The role with name x cannot be found.</Message></Error><RequestId>id</RequestId></ErrorResponse>");
    EXPECT_NE(encode_error(*find_service("sts"), {"InternalFailure", 500, "m", {}, {}}, "id").body.find("<Type>Receiver</Type>"),
              std::string::npos);
    const ServiceError read_back = decode_error(row<api::iam::GetRole>(), sender);
    EXPECT_EQ(read_back.code, "NoSuchEntity");
    EXPECT_EQ(read_back.message, "The role with name x cannot be found.");
}

TEST(QueryClient, WritesAForm) {
    api::iam::CreateRoleRequest in;
    in.role_name = "r";
    in.assume_role_policy_document = "{\"a\": 1}";
    in.tags.emplace().push_back({"k", "v w"});
    const Request request = encode<api::iam::CreateRole>(in);
    EXPECT_EQ(request.body,
              "Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%22a%22%3A%201%7D&Tags.member.1.Key=k&Tags."
              "member.1.Value=v%20w");
    EXPECT_EQ(request.headers.value("content-type"), "application/x-www-form-urlencoded; charset=utf-8");
}

TEST(QueryClient, AnEmptyEntryOfAListKeepsItsPlace) {
    api::iam::SimulatePrincipalPolicyRequest in;
    in.policy_source_arn = "arn:aws:iam::000000000000:user/u";
    in.action_names = {"s3:GetObject"};
    in.context_entries.emplace().resize(2);
    in.context_entries->back().context_key_name = "a";
    const Request request = encode<api::iam::SimulatePrincipalPolicy>(in);
    EXPECT_TRUE(request.body.ends_with("&ContextEntries.member.1=&ContextEntries.member.2.ContextKeyName=a")) << request.body;
}

}  // namespace
}  // namespace otabahn::awsapi
